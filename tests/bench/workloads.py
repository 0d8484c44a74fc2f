"""What is asked of the servers: the application, the request, the answer that is right, and
how many clients there are."""

from dataclasses import dataclass, replace

HELLO = b"Hello, World\n"

#: With Host, the twelve fields of a browser that follows a link in a site with a session.
BROWSER = (
    ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-GB,en;q=0.7,de;q=0.3"),
    ("Accept-Encoding", "gzip, deflate, br, zstd"),
    ("Referer", "https://www.example.org/articles?page=1"),
    ("Cookie", "session=" + "0123456789abcdef" * 16 + "".join(
        f"; setting{number}={'v' * 32}" for number in range(12))),
    ("Upgrade-Insecure-Requests", "1"),
    ("Sec-Fetch-Dest", "document"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Site", "same-origin"),
    ("Priority", "u=0, i"),
)  # fmt: skip


@dataclass(frozen=True)
class Workload:
    what: str
    app: str = "hello"  # a module of tests/bench/apps
    method: str = "GET"
    target: str = "/"
    fields: tuple = ()
    body: bytes = b""
    answer: bytes = HELLO
    connections: int = 64
    slow: int = 0  # clients that never finish their request's head, beside those
    workers: int = 1
    threads: int = 4  # where a server has threads
    waits: bool = False  # only for servers that run several requests at a time in a worker
    without_python: bool = True  # the programs without Python have something to say here

    @property
    def closes(self):
        return ("Connection", "close") in self.fields


WORKLOADS = {
    "hello": Workload("13 bytes"),
    "headers": Workload("a browser's twelve fields", "headers",
                        target="/articles/42?page=2&sort=new", fields=BROWSER),
    "post": Workload("a body of 16 KiB is read", "post", method="POST", body=b"p" * 16384,
                     answer=b"16384\n"),
    "big": Workload("1 MiB in one piece", "big", answer=b"x" * (1 << 20), connections=16,
                    without_python=False),
    "bigfile": Workload("1 MiB by wsgi.file_wrapper", "bigfile", answer=b"x" * (1 << 20),
                        connections=16, without_python=False),
    "stream": Workload("a generator's 64 pieces of 1 KiB", "stream", answer=b"y" * 65536,
                       without_python=False),
    "close": Workload("13 bytes, a connection for each request",
                      fields=(("Connection", "close"),)),
    "flask": Workload("Flask's 13 bytes", "flaskhello"),
    "django": Workload("Django's 13 bytes", "djangohello"),
    "io": Workload("each request waits 10 ms; 32 threads, or greenlets", "wait", threads=32,
                   waits=True, without_python=False),
    "slow": Workload("16 clients beside 200 that dribble", connections=16, slow=200),
    "scale": Workload("13 bytes, two workers, not bound to CPUs", workers=2),
}  # fmt: skip


def with_connections(workload, connections):
    return replace(workload, connections=connections) if connections else workload
