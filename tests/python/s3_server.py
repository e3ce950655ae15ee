"""An S3 server for the suites: moto behind a gate that knows keys and a region, and can misbehave on purpose."""
import re
import threading
import time

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

KEY = "AKIACANARY0123456789"
SECRET = "canary/secret+value/with=signs"
REGION = "eu-west-1"


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, *_):
        pass


class S3Server:
    """Runs until stop(); what it does wrong is set by its fields while it runs."""

    def __init__(self):
        self.keys = {KEY}
        self.obeys_conditions = True
        self.is_silent = False
        self.fails = lambda environ: False
        self.fails_afterwards = lambda environ: False
        self.requests = []
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._conditional = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._gate, threaded=True, request_handler=Quiet)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.client = boto3.client("s3", endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id=KEY,
                                   aws_secret_access_key=SECRET)

    def stop(self):
        self._server.shutdown()

    def bucket(self, name):
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def keys_of(self, bucket, prefix=""):
        found = self.client.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return sorted(entry["Key"] for entry in found.get("Contents", []))

    def put(self, bucket, key, data):
        self.client.put_object(Bucket=bucket, Key=key, Body=data)

    def _gate(self, environ, start_response):
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", "")))
        while self.is_silent:
            time.sleep(0.05)
        refusal = self._refusal(environ)
        if refusal:
            status, code, rest = refusal
            start_response(status, [("Content-Type", "application/xml")])
            return [f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message>{rest}</Error>".encode()]
        if "HTTP_IF_NONE_MATCH" not in environ:
            return self._moto(environ, start_response)
        if not self.obeys_conditions:
            del environ["HTTP_IF_NONE_MATCH"]
        # moto looks and then puts; a store does both at once.
        with self._conditional:
            if not self.fails_afterwards(environ):
                return list(self._moto(environ, start_response))
            list(self._moto(environ, lambda *_: None))
        start_response("500 Internal Server Error", [("Content-Type", "application/xml")])
        return [b"<Error><Code>InternalError</Code></Error>"]

    def _refusal(self, environ):
        signed = re.search(r"Credential=([^/]*)/\d+/([^/]*)/s3/", environ.get("HTTP_AUTHORIZATION", ""))
        if not signed or signed[1] not in self.keys:
            return "403 Forbidden", "InvalidAccessKeyId", f"<AWSAccessKeyId>{signed[1] if signed else ''}</AWSAccessKeyId>"
        if signed[2] != REGION:
            return "400 Bad Request", "AuthorizationHeaderMalformed", f"<Region>{REGION}</Region>"
        if self.fails(environ):
            return "500 Internal Server Error", "InternalError", ""
        return None
