"""What a WSGI server loads: `gunicorn wsgi:app`."""

from rollcall_server import create_app

app = create_app()
