"""Only what policy admits gets in: rules, waivers, decisions.

Pure: no network, store, environment or clock; what time it is, is passed in.
``service`` loads a policy and decides, ``records`` keeps decisions and decides
them again, ``waivers`` says what is set aside until when.  CEL is spoken to in
``cel`` alone.  Nothing is imported here, so that the command line starts
quickly.
"""
