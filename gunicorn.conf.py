"""gunicorn loads this file from the folder in which it is started; what it says is app/serving/."""

from rollcall_server.serving import load_configuration

globals().update(load_configuration())
