/* A client of the connection machine: see mem_client.h. */
#include "mem_client.h"

#include "require.h"

enum { STEPS_MAX = 1000000 };

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void mem_client_init(struct mem_client *cl, struct conn_service *s, struct slice input,
		     size_t available)
{
	struct io io;

	cl->holds_pauses = false;
	io_mem_init(&cl->mem, input);
	cl->mem.available = smaller(available, input.len);
	io_mem_attach(&cl->mem, &io);
	conn_init(&cl->conn, s, &io, NULL, NULL);
	cl->want = conn_advance(&cl->conn);
}

/* What a level-triggered watcher would say of the socket. */
static bool is_readable(const struct io_mem *m)
{
	return m->given < m->available || m->eof || m->recv_error;
}

static bool is_writable(const struct io_mem *m)
{
	return m->send_budget > 0 || m->send_error;
}

void mem_client_run(struct mem_client *cl)
{
	for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
		switch (cl->want) {
		case WANT_APP:
			cl->want = conn_application(&cl->conn);
			break;
		case WANT_WRITE:
			if (!is_writable(&cl->mem))
				return;
			cl->want = conn_advance(&cl->conn);
			break;
		case WANT_READ:
			if (!is_readable(&cl->mem))
				return;
			cl->conn.may_read = true;
			cl->want = conn_advance(&cl->conn);
			break;
		case WANT_PAUSE:
			if (cl->holds_pauses)
				return;
			cl->want = conn_resume(&cl->conn, false);
			break;
		case WANT_CLOSE:
		case WANT_LENT:
			return;
		}
	}
	require(false, "the machine does not come to rest");
}

void mem_client_more(struct mem_client *cl, size_t available)
{
	cl->mem.available = smaller(available, cl->mem.input.len);
	cl->conn.may_read = true;
	cl->want = conn_advance(&cl->conn);
	mem_client_run(cl);
}

void mem_client_close(struct mem_client *cl)
{
	cl->mem.eof = true;
	mem_client_more(cl, cl->mem.input.len);
}

void mem_client_release(struct mem_client *cl)
{
	require(cl->want == WANT_CLOSE && cl->mem.closed, "the connection has not closed");
	io_mem_release(&cl->mem);
}

struct buf mem_converse(struct conn_service *s, struct slice input, struct mem_pace pace)
{
	struct mem_client cl;
	struct buf output;
	size_t available = pace.first, answered;

	mem_client_init(&cl, s, input, available);
	cl.mem.send_max = pace.send_max;
	mem_client_run(&cl);
	while (available < input.len && cl.want == WANT_READ) {
		available += smaller(input.len - available, pace.step);
		mem_client_more(&cl, available);
	}
	answered = cl.mem.output.len;
	if (cl.want == WANT_READ)
		mem_client_close(&cl);
	/* Whatever was complete has been answered without the close. */
	require(cl.mem.output.len == answered, "an answer came only with the end of file");
	output = cl.mem.output;
	cl.mem.output = (struct buf){0};
	mem_client_release(&cl);
	return output;
}
