"""The one door: who may call, where a path leads, and what several parts say in one answer.

door        around everything: identity, stripping, passing on; bytes in, bytes out
owners      which part a path belongs to
exchange    an access token in, an internal token for one part out
parts       connections to the other parts
grants      tokens are given here; assertion is how a client proves itself
clients     who may call, kept by the gateway itself
overview    one answer composed from four parts
openapi page docs   what people and machines read about it all
app         the whole of it as one process
"""
