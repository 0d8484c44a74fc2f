control_socket_disable = True
forwarder_headers = "SCRIPT_NAME"
header_map = "drop"
http_protocols = "h1"
permit_obsolete_folding = False
