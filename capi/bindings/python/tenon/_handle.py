"""Who owns what: a C object, who uses it now, and when it is destroyed.

close() forbids further use at once. The object itself goes when nobody uses it any more: no call that is under way in another thread,
nothing made from it, no NumPy array over its memory. So the order of closing never matters, and using something closed is an Error, not a
crash.
"""

import threading

from ._errors import use_after_close


class Handle:
    def __init__(self, pointer, destroy, what, parents=(), keep=()):
        self._users = 0
        self._closed = False
        self._lock = threading.RLock()  # the collector may destroy a child while this thread holds it
        self._pointer, self._destroy, self._what, self._parents, self._keep = pointer, destroy, what, parents, keep
        for parent in parents:
            parent.retain()

    @property
    def closed(self):
        return self._closed

    def __enter__(self):
        """The pointer, safe from destruction until __exit__."""
        with self._lock:
            if self._closed:
                raise use_after_close(self._what)
            self._users += 1
        return self._pointer

    def __exit__(self, *_):
        self.release()

    def retain(self):
        with self._lock:
            self._users += 1

    def release(self):
        with self._lock:
            self._users -= 1
            last = self._closed and self._users == 0
        if last:
            self._free()

    def close(self):
        with self._lock:
            if self._closed:
                return
            self._closed = True
            last = self._users == 0
        if last:
            self._free()

    def _free(self):
        self._destroy(self._pointer)
        parents, self._parents, self._keep = self._parents, (), ()
        for parent in parents:
            parent.release()

    def __del__(self):  # a backstop: `with` and close() say when
        if getattr(self, "_parents", None) is not None:
            self.close()


class Owner:
    """What has a handle: a context manager that closes itself."""

    _handle: Handle

    def close(self):
        """Ends the object. Closing twice does nothing; using it afterwards raises Error."""
        self._handle.close()

    @property
    def closed(self):
        return self._handle.closed

    def __enter__(self):
        with self._handle:  # raises if it is closed
            return self

    def __exit__(self, *_):
        self.close()
