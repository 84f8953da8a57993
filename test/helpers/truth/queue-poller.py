"""Reads both queues and the timer of each end of one connection, and prints what
changed: `LOCAL REMOTE SENT UNREAD TIMER FROM TO`, addresses and numbers as in
/proc/net/tcp, with when it can't have been so yet, and when it was, in
milliseconds since the epoch. `hole FROM TO` says when it read nothing.

It asks for each end by its addresses (sock_diag(7)), which takes the kernel
microseconds; reading its whole table takes 8 ms, and 100 on a busy machine. It
shares no code with what it checks.

Usage: python3 queue-poller.py HOST PORT
"""

import os, socket, struct, sys, time

host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ':' in host else socket.AF_INET
address = socket.inet_pton(family, host)
SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, NLM_F_DUMP = 20, 1, 0x300
# ESTABLISHED, FIN-WAIT-1, FIN-WAIT-2, CLOSE-WAIT, LAST-ACK, CLOSING.
connected = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11
# What comes and goes in less is bounded by what was read around it.
hole_ms = 100

netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)


def ask(local, remote, flags):
    body = struct.pack('=BBBxI', family, socket.IPPROTO_TCP, 0, connected)
    body += struct.pack('!HH', local, remote) + address.ljust(16, b'\0') * 2
    body += struct.pack('=IQ', 0, 2**64 - 1)
    header = struct.pack(
        '=IHHII', 16 + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | flags, 0, 0
    )
    netlink.send(header + body)
    while True:
        answer = netlink.recv(1 << 20)
        while len(answer) >= 16:
            length, kind = struct.unpack_from('=IH', answer)
            if kind != SOCK_DIAG_BY_FAMILY:
                return
            _, _, timer = struct.unpack_from('=BBB', answer, 16)
            ports = struct.unpack_from('!HH', answer, 20)
            unread, sent = struct.unpack_from('=II', answer, 16 + 56)
            yield (*ports, sent, unread, timer)
            answer = answer[(length + 3) & ~3 :]
        if not flags:
            return


def place(number):
    words = struct.unpack(f'={len(address) // 4}I', address)
    return ''.join(f'{word:08X}' for word in words) + f':{number:04X}'


def write(*words):
    os.write(1, (' '.join(map(str, words)) + '\n').encode())


ends, known = [], {}
# When the reading before this one began: until then nothing had changed.
before = 0
write('ready')
while True:
    begun = time.time_ns() // 10**6
    if ends:
        found = [row for end in ends for row in ask(*end, 0)]
    else:
        # Of both ends one has our port, which each is found by.
        found = [row for row in ask(0, 0, NLM_F_DUMP) if port in row[:2]]
        ends = [row[:2] for row in found] if len(found) == 2 else []
    # A clock that counts whole milliseconds is up to one behind.
    done = time.time_ns() // 10**6 + 1
    if before > 0 and done - before > hole_ms:
        write('hole', before, done)
    for local, remote, sent, unread, timer in found:
        value = f'{sent:08X} {unread:08X} {timer:02X}'
        if known.get(local) != value:
            known[local] = value
            write(place(local), place(remote), value, before, done)
    before = begun
    time.sleep(0.001)
