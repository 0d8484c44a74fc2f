"""Everything in which ucorn may differ from Debian's gunicorn 20.1, each with its reason.

A difference that is not listed fails, and so does a line that no longer makes one.  Case and
item are patterns as of a shell: the case is a configuration file, a case of parity/wrong.py,
a request of parity/lines.py or a moment of the life of hooks; the item is what differs in it."""

from fnmatch import fnmatchcase
from typing import NamedTuple


class Difference(NamedTuple):
    area: str
    case: str
    item: str
    reason: str

    def covers(self, case, item):
        return fnmatchcase(case, self.case) and fnmatchcase(item, self.item)


#: Settings that 20.1 does not know; later gunicorns do.  They are not compared.
OF_LATER_GUNICORNS = {
    "asgi_disconnect_grace_period", "asgi_lifespan", "asgi_loop", "casefold_http_method",
    "control_socket", "control_socket_disable", "control_socket_mode", "dirty_apps",
    "dirty_graceful_timeout", "dirty_post_fork", "dirty_threads", "dirty_timeout",
    "dirty_worker_exit", "dirty_worker_init", "dirty_workers", "enable_backlog_metric",
    "forwarder_headers", "header_map", "http2_cleartext", "http2_initial_window_size",
    "http2_max_concurrent_streams", "http2_max_frame_size", "http2_max_header_list_size",
    "http_parser", "http_protocols", "logconfig_json", "on_dirty_starting",
    "permit_obsolete_folding", "permit_unconventional_http_method",
    "permit_unconventional_http_version", "protocol", "root_path", "ssl_context",
    "uwsgi_allow_ips",
}  # fmt: skip

#: Settings that only 20.1 knows (Debian took the patch of 22.0 that had this one).
OF_20_1_ONLY = {"tolerate_dangerous_framing"}

DIFFERENCES = [
    Difference("settings", "*", "forwarded_allow_ips", "the default of 26.1 has ::1, too"),
    Difference("settings", "*", "proxy_allow_ips", "the default of 26.1 has ::1, too"),
    Difference("settings", "*", "proxy_protocol", "26.1 has modes where 20.1 has a switch"),
    Difference("settings", "hooks_callable_object.py", "(exit)",
               "20.1 cannot print a hook without __qualname__; 26.1 can"),
    Difference("settings", "hooks_decorated.py", "(exit)", "the same, with functools.partial"),
    Difference("settings", "hooks_lambda.py", "post_request",
               "20.1 shows its own wrapper of a hook with two parameters, we show the hook"),
    Difference("settings", "hooks_three_arguments.py", "post_request", "the same, with three"),
    Difference("settings", "limits.py", "limit_request_fields", "shown as it counts: capped"),
    Difference("settings", "bind_format.py", "statsd_host", "26.1 reads it as an address of bind,"
               " which puts the host into small letters"),
    Difference("settings", "trusted_list.py", "(exit)", "PROXY headers are refused so far"),

    Difference("errors", "statsd without port", "first", "the sentence of 26.1"),
    Difference("errors", "boot: preloaded *", "first",
               "20.1 prints a traceback only; we log what failed before it, or one sentence"),
    Difference("errors", "boot: worker class", "first",
               "no worker classes but our own so far; the error says what there is"),
    Difference("errors", "boot: short worker class", "first", "the same"),
    Difference("errors", "boot: on_starting raises", "first",
               "20.1 prints a traceback only; we log which hook it was before it"),
    Difference("errors", "boot: when_ready raises", "first", "the same"),
    Difference("errors", "boot: pre_fork raises", "first",
               "20.1 logs the line before the traceback as info, 26.1 as an error"),
    Difference("errors", "boot: not a socket", "first", "the sentence, without a traceback"),

    Difference("access", "*UTF-8", "*", "what a client sends as UTF-8 stays UTF-8; gunicorn"
               " writes each byte as a character of its own"),
    Difference("access", "bytes above ASCII", "*", "the same: bytes stay bytes"),
    Difference("access", "agent with quotes", "*",
               "backslashes are doubled, so that nobody can end a quoted field early"),
    Difference("access", "blanks", "*", "26.1 strips blanks behind a value, 20.1 before it only"),
    Difference("access", "HEAD", "*", "20.1 sends, and counts, a body that there may not be"),
    Difference("access", "no content", "*", "the same"),
    Difference("access", "not modified", "*", "the same"),
    Difference("access", "Basic without password", "*", "26.1 takes it for the user"),
    Difference("access", "absolute form, other host", "*",
               "refused, see docs/http.md; what is refused has no line"),
    Difference("access", "exception", "*", "20.1 forgets the environ when it logs a failure"),
    Difference("access", "exception after the head", "*", "20.1 loses the line"),
    Difference("access", "not bytes", "*", "20.1 loses the line"),
]  # fmt: skip
