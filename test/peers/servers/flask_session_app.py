"""Flask-Session on Flask, over its own Redis interface."""

import os
from urllib.request import urlopen

from flask import Flask, request, session
from flask_session import Session
from redis import Redis

# The client's own limit, unless the script sets one.
limit = os.environ.get("CLIENT_TIMEOUT")
client = Redis.from_url(os.environ["REDIS_URL"], **({"socket_timeout": int(limit) / 1000} if limit else {}))

app = Flask(__name__)
app.config.update(SECRET_KEY="a secret of these races and of nothing else", SESSION_TYPE="redis", SESSION_REDIS=client)
if os.environ["SETTINGS"] == "best":
    app.config.update(SESSION_REFRESH_EACH_REQUEST=False)
Session(app)


def hold():
    """Waits until the script lets this handler go on, if it holds it."""
    if ticket := request.args.get("hold"):
        urlopen(f"{os.environ['GATE_URL']}/{ticket}").read()


@app.post("/login")
def login():
    app.session_interface.regenerate(session)
    session["user"] = "ada"
    return "welcome"


@app.post("/keys/<key>")
def keys(key):
    hold()
    session[f"key{key}"] = True
    return "set"


@app.post("/count")
def count():
    hold()
    session["count"] = session.get("count", 0) + 1
    return "counted"


@app.post("/regenerate")
def regenerate():
    app.session_interface.regenerate(session)
    return "renewed"


@app.post("/logout")
def logout():
    session.clear()
    return "bye"


@app.get("/read")
def read():
    hold()
    keys = [name for name in session if name.startswith("key")]
    return {"user": session.get("user"), "count": session.get("count", 0), "keys": len(keys)}
