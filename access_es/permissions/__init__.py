"""Who may do what: roles, what a request does and to which names, and the decision. Pure: no I/O, no clock.

`form.parse_permissions` reads the setting, `judge.judge` decides on a request, `cursors` says whose scroll an id is.
Nothing here is imported before a setting or a request asks for it.
"""
