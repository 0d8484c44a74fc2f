import ssl

keyfile = None
certfile = None
ca_certs = None
cert_reqs = 0
ssl_version = int(ssl.PROTOCOL_TLS)
suppress_ragged_eofs = True
do_handshake_on_connect = False
