"""What every service stands on, and nothing about any of them.

ids clock config trace log metrics       small things everything uses
problems asked identifiers vault erased  words for a no, what is asked, and what is secret
rows tables schema                       a row, the rows every service has, their tables
statement writing reading people db      the transaction: one statement at commit
tokens identity                          who asks, believed by signature alone
described binding receipts http          a request: one transaction, one answer, once
events outbox lease relay repair bus     what happened, told in order, never lost
pull watermarks reactions consumer       … and heard once, whatever is repeated or late
packs policy shelf                       a city's document as data
calendar divisions                       its days and its places
service                                  all of it as one process
"""
