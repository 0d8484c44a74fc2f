"""Finds the application that a spec names: MODULE, MODULE:name or MODULE:factory(arguments)."""
import ast
import importlib
import os

DEFAULT_NAME = "application"


class SpecError(Exception):
    """What the spec names is not there or is no application; the text is for the operator."""

    exit_code = 4


def load(spec):
    module_name, _, expression = spec.partition(":")
    module = _import(module_name, expression)
    app = _evaluate(module, module_name, expression or DEFAULT_NAME)
    if app is None:
        raise SpecError("Failed to find application object: %r" % (expression or DEFAULT_NAME))
    if not callable(app):
        raise SpecError("Application object must be callable.")
    return app


def _import(name, expression):
    try:
        return importlib.import_module(name)
    except ImportError:
        if name.endswith(".py") and os.path.exists(name):
            hint = "%s:%s" % (name[:-3], expression or DEFAULT_NAME)
            raise ImportError("Failed to find application, did you mean %r?" % hint) from None
        raise


def _evaluate(module, module_name, expression):
    """A bare name, or a call of a bare name with literal arguments; nothing else is run."""
    try:
        node = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise SpecError(_unparsable(expression)) from None
    if isinstance(node, ast.Name):
        return _attribute(module, module_name, node.id)
    if not isinstance(node, ast.Call):
        raise SpecError(_unparsable(expression))
    if not isinstance(node.func, ast.Name):
        raise SpecError("Function reference must be a simple name: %r" % expression)
    args, kwargs = _literals(node, expression)
    factory = _attribute(module, module_name, node.func.id)
    try:
        return factory(*args, **kwargs)
    except TypeError as error:
        # Wrong arguments are the spec's fault; a TypeError from further down is the factory's.
        if error.__traceback__.tb_next is None:
            raise SpecError("TypeError: %s" % error) from None
        raise


def _literals(call, expression):
    try:
        if any(keyword.arg is None for keyword in call.keywords):
            raise ValueError(expression)
        return ([ast.literal_eval(arg) for arg in call.args],
                {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords})
    except ValueError:
        raise SpecError("Failed to parse arguments as literal values: %r" % expression) from None


def _attribute(module, module_name, name):
    try:
        return getattr(module, name)
    except AttributeError:
        raise SpecError("Failed to find attribute %r in %r." % (name, module_name)) from None


def _unparsable(expression):
    return "Failed to parse %r as an attribute name or function call." % expression
