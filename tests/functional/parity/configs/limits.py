limit_request_line = 0
limit_request_fields = 100_000
limit_request_field_size = 0
