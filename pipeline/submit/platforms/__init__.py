"""One platform a file: `KIND`, and how its protocol becomes the values of `submit/platform.py`."""
