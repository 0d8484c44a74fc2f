statsd_host = "localhost:8125"
statsd_prefix = "app."
dogstatsd_tags = "env:prod,service:web"
