on_starting = "shared.hooks.on_starting"
when_ready = "os.path.basename"
