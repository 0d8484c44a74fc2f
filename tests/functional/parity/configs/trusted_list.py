forwarded_allow_ips = "10.0.0.1, 10.0.0.2,127.0.0.1"
proxy_allow_ips = "*"
