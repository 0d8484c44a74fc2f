"""What can be wrong with a request.  Inside of ucorn nothing raises these: the server judges
requests without Python.  They are here for code that catches them, and for workers of one's own."""


class _Described:
    """fields: what a class is called with, in this order; those of optional may be left out."""

    fields = ()
    optional = ()
    template = ""

    def __init__(self, *args, **kwargs):
        super().__init__(*args)
        given = {**dict.fromkeys(self.optional), **dict(zip(self.fields, args)), **kwargs}
        if len(args) > len(self.fields) or given.keys() != set(self.fields):
            raise TypeError("%s takes %s" % (type(self).__name__, self.fields))
        vars(self).update(given)

    def __str__(self):
        return self.template % vars(self)


class ParseException(_Described, Exception):
    pass


class NoMoreData(_Described, IOError):
    fields = optional = ("buf",)
    template = "No more data after: %(buf)r"


class ConfigurationProblem(ParseException):
    fields = ("info",)
    template = "Configuration problem: %(info)s"
    code = 500


class InvalidRequestLine(ParseException):
    fields = ("req",)
    template = "Invalid HTTP request line: %(req)r"
    code = 400


class InvalidRequestMethod(ParseException):
    fields = ("method",)
    template = "Invalid HTTP method: %(method)r"


class ExpectationFailed(ParseException):
    fields = ("expect",)
    template = "Unable to comply with expectation: %(expect)r"


class InvalidHTTPVersion(ParseException):
    fields = ("version",)
    template = "Invalid HTTP Version: %(version)r"


class InvalidHeader(ParseException):
    fields = ("hdr", "req")
    optional = ("req",)
    template = "Invalid HTTP Header: %(hdr)r"


class ObsoleteFolding(ParseException):
    fields = ("hdr",)
    template = "Obsolete line folding is unacceptable: %(hdr)r"


class InvalidHeaderName(ParseException):
    fields = ("hdr",)
    template = "Invalid HTTP header name: %(hdr)r"


class UnsupportedTransferCoding(ParseException):
    fields = ("hdr",)
    template = "Unsupported transfer coding: %(hdr)r"
    code = 501


class InvalidChunkSize(_Described, IOError):
    fields = ("data",)
    template = "Invalid chunk size: %(data)r"


class ChunkMissingTerminator(_Described, IOError):
    fields = ("term",)
    template = "Invalid chunk terminator is not '\\r\\n': %(term)r"


class InvalidChunkExtension(_Described, IOError):
    fields = ("reason",)
    template = "Invalid chunk extension: %(reason)s"


class LimitRequestLine(ParseException):
    fields = ("size", "max_size")
    optional = ("max_size",)

    def __str__(self):
        if self.max_size is None:
            return str(self.size)
        return "Request Line is too large (%s > %s)" % (self.size, self.max_size)


class LimitRequestHeaders(ParseException):
    fields = ("msg",)
    template = "%(msg)s"


class InvalidProxyLine(ParseException):
    fields = ("line",)
    template = "Invalid PROXY line: %(line)r"
    code = 400


class InvalidProxyHeader(ParseException):
    fields = ("msg",)
    template = "Invalid PROXY header: %(msg)s"
    code = 400


class ForbiddenProxyRequest(ParseException):
    fields = ("host",)
    template = "Proxy request from %(host)r not allowed"
    code = 403


class InvalidSchemeHeaders(ParseException):
    template = "Contradictory scheme headers"


class InvalidH2CPreface(ParseException):
    fields = ("data",)
    template = "Expected HTTP/2 connection preface, got %(data)r"
