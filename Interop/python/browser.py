"""A headless Chromium driven through standard input and output, one JSON object a line.

It serves the folder of pages named on the command line on a port of its own, so that a page's origin is not the server
under test; over TLS where it is given a certificate. Its home is a folder of its own: what it trusts beside the authorities
that Chromium comes with is the one named by --trust. The first line it prints is {"event": "started", "pages": URL}. Then each request {"call": NAME, …} is answered
by one line: {"result": …} or {"error": text}. It ends, and the browser with it, when standard input does.
"""

import argparse
import base64
import functools
import http.server
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading

import websocket

CALL_LIMIT_SECONDS = 60

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--no-proxy-server", "--remote-debugging-port=0",
    # Candidates of loopback, by number: there is no other network here, and nobody who answers for .local names.
    "--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns",
]


class Pages(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Browser:
    """The calls that a test can make."""

    def __init__(self, home):
        self.process = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={home}/profile", "about:blank"], env={**os.environ, "HOME": home},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            # A group of its own, which ends as one.
            start_new_session=True)
        for line in self.process.stderr:
            if line.startswith("DevTools listening on "):
                address = line.split()[-1]
                break
        else:
            raise RuntimeError("Chromium did not start")
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.tools = websocket.create_connection(
            address, timeout=CALL_LIMIT_SECONDS, suppress_origin=True, http_no_proxy=["127.0.0.1"])
        self.number = 0
        self.seen = {}

    def ask(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self.tools.send(json.dumps(message))
        while True:
            answer = json.loads(self.tools.recv())
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.notice(answer)

    def notice(self, event):
        """Keeps what a page asked the network for, and what it complained of."""
        seen = self.seen.get(event.get("sessionId"))
        if seen is None:
            return
        method, parameters = event["method"], event["params"]
        if method == "Network.requestWillBeSent":
            request = parameters["request"]
            seen["requests"].append(request["url"])
            exchange = seen["exchanges"].setdefault(parameters["requestId"], {})
            exchange.update(method=request["method"], url=request["url"])
        elif method == "Network.responseReceivedExtraInfo":
            # The only word of answers that are kept from the page.
            seen["exchanges"].setdefault(parameters["requestId"], {})["status"] = parameters["statusCode"]
        elif method == "Network.responseReceived":
            exchange = seen["exchanges"].setdefault(parameters["requestId"], {})
            response = parameters["response"]
            exchange["protocol"] = response.get("protocol")
            exchange.setdefault("status", response["status"])
        elif method == "Log.entryAdded":
            seen["complaints"].append(parameters["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            seen["complaints"].append(parameters["exceptionDetails"]["text"])

    def open(self, url):
        """Opens a page; what it answers is the page's name for other calls."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.seen[session] = {"requests": [], "complaints": [], "exchanges": {}}
        for domain in ["Page", "Runtime", "Network", "Log"]:
            self.ask(f"{domain}.enable", session)
        failure = self.ask("Page.navigate", session, url=url).get("errorText")
        if failure:
            raise RuntimeError(f"{url}: {failure}")
        self.evaluate(session, "new Promise(r => document.readyState === 'complete' ? r() : addEventListener('load', r))")
        return session

    def evaluate(self, page, expression):
        """The value of an expression; of a promise, what it is resolved to."""
        answer = self.ask("Runtime.evaluate", page, expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def noticed(self, page):
        """What the page asked for and complained of since it was opened."""
        # Whatever was told before the answer to this has been read then.
        self.evaluate(page, "0")
        seen = self.seen[page]
        return {**seen, "exchanges": list(seen["exchanges"].values())}

    def screenshot(self, page, path):
        picture = self.ask("Page.captureScreenshot", page, format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def say(**values):
    print(json.dumps(values), flush=True)


def trust(home, authority):
    """Makes Chromium trust an authority's certificates, as a person does by importing it: by the NSS database of the home."""
    database = os.path.join(home, ".pki", "nssdb")
    os.makedirs(database)
    for arguments in [["-N", "--empty-password"], ["-A", "-n", "test", "-t", "C,,", "-i", authority]]:
        subprocess.run(["certutil", "-d", f"sql:{database}", *arguments], check=True)


def serve(folder, certificate, key):
    """Serves the pages; its answer is their URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Pages, directory=folder))
    url = f"http://127.0.0.1:{server.server_port}"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = f"https://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return url


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pages")
    parser.add_argument("--trust")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    arguments = parser.parse_args()
    home = tempfile.mkdtemp(prefix="chromium-")
    try:
        pages = serve(arguments.pages, arguments.certificate, arguments.key)
        if arguments.trust:
            trust(home, arguments.trust)
        browser = Browser(home)
        try:
            say(event="started", pages=pages)
            for line in sys.stdin:
                request = json.loads(line)
                try:
                    say(result=getattr(browser, request.pop("call"))(**request))
                except Exception as error:
                    say(error=f"{type(error).__name__}: {error}")
        finally:
            browser.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
