"""Worker classes that inherit from those with greenlets."""

import time

from gunicorn.workers.geventlet import EventletWorker
from gunicorn.workers.ggevent import GeventWorker


class Patient:
    notified = 0

    def notify(self):
        time.sleep(0.01)
        super().notify()
        self.notified += 1
        if self.notified == 2:
            self.log.info("notified for the 2nd time")


class PatientGevent(Patient, GeventWorker):
    pass


class PatientEventlet(Patient, EventletWorker):
    pass
