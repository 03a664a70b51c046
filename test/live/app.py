"""The application of the live tests: Flask and Flask-Session, under the very configuration that Node is given."""

import json
import os
from urllib.request import urlopen

from flask import Flask, flash, get_flashed_messages, request, session
from flask_session import Session
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from clients import add_clients
from typed import from_typed, to_typed

CONFIG = json.loads(os.environ["LIVE_CONFIG"])


def wait(url):
    """Holds this request until the test lets it go on."""
    urlopen(url).read()


def set_key(key, value):
    session[from_typed(key)] = from_typed(value)


def set_all(value):
    for key, item in from_typed(value).items():
        session[key] = item


def regenerate(app):
    app.session_interface.regenerate(session)


def make_app(**overrides):
    app = Flask(__name__)
    app.config.update({**CONFIG, **overrides})
    if CONFIG.get("SESSION_TYPE"):
        add_clients(app)
        Session(app)

    acts = {
        "set": set_key,
        "setAll": set_all,
        "pop": lambda key: session.pop(from_typed(key)),
        "clear": lambda: session.clear(),
        "flash": flash,
        "takeFlashes": lambda: to_typed(get_flashed_messages(with_categories=True)),
        "regenerate": lambda: regenerate(app),
        "permanent": lambda value: setattr(session, "permanent", value),
        "wait": wait,
    }

    @app.post("/act")
    def act():
        """Does what it is told to, and tells the session as it then is."""
        results = [acts[name](*args) for name, *args in request.get_json()]
        return {"session": to_typed(dict(session)), "id": getattr(session, "sid", ""), "results": results}

    @app.post("/batch")
    def batch():
        """Several requests by Flask's own client: each is a whole one, from the cookie to the `Set-Cookie`."""
        answers = []
        for wanted in request.get_json():
            cookie = answers[-1]["cookie"] if wanted["cookie"] == "of the former" else wanted["cookie"]
            answers.append(visit(app, cookie, wanted["acts"]))
        return answers

    return app


def visit(app, cookie, acts):
    client = app.test_client(use_cookies=False)
    answer = client.post("/act", json=acts, headers={"Cookie": cookie} if cookie else {})
    line = answer.headers.get("Set-Cookie")
    return {
        "status": answer.status_code,
        "cookie": line.split(";")[0] if line else cookie,
        **(answer.get_json() if answer.status_code == 200 else {}),
    }


app = make_app()
# The same sessions under the setting that writes them only when they changed.
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/calm": make_app(SESSION_REFRESH_EACH_REQUEST=False)})
