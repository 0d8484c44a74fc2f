"""The settings of myapp, for /etc/ucorn/myapp.conf.py. After a change:
systemctl reload; docs/settings.md has all settings."""

wsgi_app = "myapp:app"
chdir = "/srv/myapp"

# A worker runs one request at a time: as many as the processors, and more if requests wait for a
# database.
workers = 4

# How long an idle connection of the proxy stays open: longer than there (nginx.conf: 60 s).
keepalive = 75

# When a worker that hangs is replaced: shorter than the proxy waits (nginx.conf: 60 s).
timeout = 30

# How long requests may go on when ucorn stops: shorter than TimeoutStopSec (ucorn.service: 45 s).
graceful_timeout = 30

# The error log goes to stderr, so to the journal. `logrotate` is about the files here.
accesslog = "/var/log/ucorn/myapp/access.log"
