"""A headless Chromium driven through standard input and output, one JSON object a line.

It serves the folder of pages named on the command line on a port of its own, so that a page's origin is not the server
under test. The first line it prints is {"event": "started", "pages": URL}. Then each request {"call": NAME, …} is answered
by one line: {"result": …} or {"error": text}. It ends, and the browser with it, when standard input does.
"""

import base64
import functools
import http.server
import json
import os
import shutil
import signal
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

    def __init__(self, profile):
        self.process = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={profile}", "about:blank"],
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
            seen["requests"].append(parameters["request"]["url"])
        elif method == "Log.entryAdded":
            seen["complaints"].append(parameters["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            seen["complaints"].append(parameters["exceptionDetails"]["text"])

    def open(self, url):
        """Opens a page; what it answers is the page's name for other calls."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.seen[session] = {"requests": [], "complaints": []}
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
        return self.seen[page]

    def screenshot(self, page, path):
        picture = self.ask("Page.captureScreenshot", page, format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))

    def close(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def say(**values):
    print(json.dumps(values), flush=True)


def main():
    handler = functools.partial(Pages, directory=sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    profile = tempfile.mkdtemp(prefix="chromium-")
    browser = Browser(profile)
    try:
        say(event="started", pages=f"http://127.0.0.1:{server.server_port}")
        for line in sys.stdin:
            request = json.loads(line)
            try:
                say(result=getattr(browser, request.pop("call"))(**request))
            except Exception as error:
                say(error=f"{type(error).__name__}: {error}")
    finally:
        browser.close()
        shutil.rmtree(profile, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
