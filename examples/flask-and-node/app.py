"""What is left of the old site: the home page, the login and the logout. /shop has moved to Node: see shop.ts."""

import os

from flask import Flask, flash, redirect, render_template_string, request, session
from flask_session import Session
from redis import Redis

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    SESSION_TYPE="redis",
    SESSION_REDIS=Redis.from_url(os.environ["SESSION_REDIS"]),
    SESSION_USE_SIGNER=True,
    SESSION_PERMANENT=False,
    SESSION_COOKIE_SAMESITE="Lax",
    # Otherwise a page that only reads writes back what it read, over what Node has saved meanwhile.
    SESSION_REFRESH_EACH_REQUEST=False,
)
Session(app)

PAGE = """<!doctype html>
<title>The old site</title>
{% for message in get_flashed_messages() %}<p role="status">{{ message }}</p>{% endfor %}
<h1>Hello {{ session.get("user", "stranger") }}</h1>
<p>Things in your cart: <output>{{ session.get("cart", []) | length }}</output></p>
<p><a href="/shop">Shop</a></p>
{% if "user" in session %}
<form method="post" action="/logout"><button>Log out</button></form>
{% else %}
<form method="post" action="/login"><label>Name <input name="user" required></label> <button>Log in</button></form>
{% endif %}
<footer>Served by Flask</footer>"""


@app.get("/")
def home():
    return render_template_string(PAGE)


@app.post("/login")
def login():
    session["user"] = request.form["user"]  # a real one asks for a password
    app.session_interface.regenerate(session)  # whoever knew the old id gains nothing from this login
    flash(f"Welcome, {session['user']}.")
    return redirect("/shop", 303)


@app.post("/logout")
def logout():
    session.clear()
    return redirect("/", 303)
