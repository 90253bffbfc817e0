"""What every service stands on, and nothing about any of them.

ids clock config trace log metrics    small things everything uses
problems                              errors as RFC 9457 problem details
rows vault statement db schema        a row, its secrets, its transaction, its tables
identity http                         who asks, and a request in one transaction
events bus relay reactions            what happened, told in order and heard once
packs policy calendar divisions       a city's document, its days and its places as data
service                               all of it as one process
"""
