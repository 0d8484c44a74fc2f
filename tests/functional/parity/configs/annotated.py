from typing import Final, List, Optional

workers: int = 4
timeout: Final = 1_000
bind: List[str] = ["127.0.0.1:8000"]
pidfile: Optional[str] = None
keepalive: int
