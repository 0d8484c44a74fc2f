import dataclasses
import enum


@dataclasses.dataclass
class Values:
    workers: int = 3
    loglevel: str = "debug"


class Size(enum.IntEnum):
    SMALL = 2


values = Values()
globals().update(dataclasses.asdict(values))
threads = Size.SMALL
