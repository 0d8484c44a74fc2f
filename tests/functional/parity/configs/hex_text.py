limit_request_line = "0x0"
limit_request_fields = "0x40"
limit_request_field_size = " 4096 "
backlog = "1_024"
