"""The clients of Python for the URLs that Node is given as they are."""

import boto3
from flask_sqlalchemy import SQLAlchemy
from pymemcache.client.base import PooledClient
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import OperationFailure
from redis import Redis


def add_clients(app):
    key = f"SESSION_{app.config['SESSION_TYPE'].upper()}"
    app.config[key] = CLIENTS[app.config["SESSION_TYPE"]](app, app.config[key])


def memcached(_app, url):
    # By default pymemcache waits for no answer: a redirect that Node serves could overtake the write.
    return PooledClient(url, default_noreply=False)


def mongodb(_app, url):
    Collection.create_index = create_index
    return MongoClient(url)


make_index = Collection.create_index


def create_index(*args, **options):
    """Flask-Session's TTL index left out where it is refused: FerretDB, which stands in for MongoDB, has none."""
    try:
        make_index(*args, **options)
    except OperationFailure:
        pass


def sqlalchemy(app, url):
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    return SQLAlchemy(app)


def dynamodb(_app, url):
    # What Flask-Session gives its own client.
    given = {"region_name": "us-west-2", "aws_access_key_id": "dummy", "aws_secret_access_key": "dummy"}
    return boto3.resource("dynamodb", endpoint_url=url, **given)


CLIENTS = {
    "redis": lambda _app, url: Redis.from_url(url),
    "memcached": memcached,
    "mongodb": mongodb,
    "sqlalchemy": sqlalchemy,
    "dynamodb": dynamodb,
}
