"""klaus, a git server in Python: serves the repository that REPOSITORY names to
everybody, for fetching and for pushing."""

import os

from klaus import make_app

app = make_app(
    [os.environ["REPOSITORY"]], "repositories", use_smarthttp=True, unauthenticated_push=True
)
