"""An application that cannot be imported."""

raise LookupError("this module refuses to be imported")
