secure_scheme_headers = {"X-Forwarded-Proto": "https", "X-SCHEME": "ssl"}
forwarded_allow_ips = "*"
