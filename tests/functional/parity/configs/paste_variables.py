raw_paste_global_conf = ["debug=false", "url=http\\=x"]
paste = None
