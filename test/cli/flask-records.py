"""Logs visitors in at real Flask with Flask-Session, and prints their ids: `flask-records.py FORMAT REDIS PREFIX COUNT`."""

import sys

from cachelib.redis import RedisCache
from flask import Flask, session
from flask_session import Session
from redis import Redis

written, url, prefix, count = sys.argv[1:]
client = Redis.from_url(url)
TYPES = {
    "flask-msgpack": {"SESSION_TYPE": "redis", "SESSION_REDIS": client},
    "flask-json": {"SESSION_TYPE": "redis", "SESSION_REDIS": client, "SESSION_SERIALIZATION_FORMAT": "json"},
    # cachelib pickles.
    "flask-pickle": {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": RedisCache(host=client)},
}

app = Flask(__name__)
app.config.update(TYPES[written], SESSION_KEY_PREFIX=prefix)
Session(app)


@app.get("/")
def log_in():
    session["user"] = "ada"
    session["cart"] = ["tea", {"sort": "Ærø", "price": 2.5, "paid": None, "wrapped": True}]
    return session.sid


for _ in range(int(count)):
    print(app.test_client().get("/").text)
