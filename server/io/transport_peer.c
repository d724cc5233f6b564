#include "transport_peer.h"

#include "clock.h"

#include <assert.h>
#include <stdlib.h>

struct peer *peer_of(struct lws *wsi)
{
    return lws_get_opaque_user_data(wsi);
}

struct peer *peer_begin(struct transport *t, struct lws *wsi,
                        enum peer_kind kind)
{
    struct peer *peer = calloc(1, sizeof(*peer));

    assert(!peer_of(wsi));
    if (peer && kind != PEER_SOCKET) {
        peer->answer = calloc(1, sizeof(*peer->answer));
        if (!peer->answer) {
            free(peer);
            return NULL;
        }
    }
    if (!peer)
        return NULL;
    peer->transport = t;
    peer->wsi = wsi;
    peer->kind = (uint8_t)kind;
    peer_heard(peer);
    peer->began_ms = peer->moved_ms = peer->heard_ms;
    peer->next = t->peers;
    if (t->peers)
        t->peers->before = peer;
    t->peers = peer;
    t->peers_count++;
    lws_set_opaque_user_data(wsi, peer);
    return peer;
}

static void unlink_peer(struct peer *peer)
{
    struct transport *t = peer->transport;

    if (peer->before)
        peer->before->next = peer->next;
    else
        t->peers = peer->next;
    if (peer->next)
        peer->next->before = peer->before;
    t->peers_count--;
}

void peer_end(struct peer *peer)
{
    if (!peer)
        return;
    struct transport *t = peer->transport;

    lws_set_opaque_user_data(peer->wsi, NULL);
    if (!peer->close_code)
        peer->close_code = CLOSE_NORMAL; /* closed() can send no more */
    if (peer->is_known)
        t->events.closed(t->events.context, peer, peer->user);
    unlink_peer(peer);
    socket_free_queue(peer);
    peer_forget(peer);
    if (peer->answer) {
        if (peer->kind == PEER_POST)
            peer_release(t, peer->answer->owned.len);
        buf_free(&peer->answer->head);
        buf_free(&peer->answer->owned);
        free(peer->answer);
    }
    free(peer);
}

void peer_heard(struct peer *peer)
{
    peer->heard_ms = peer->transport->now_ms = clock_monotonic_ms();
    peer->is_pinged = false;
}

void peer_close(struct peer *peer, int code)
{
    if (peer->close_code)
        return;
    peer->close_code = (uint16_t)code;
    peer->close_ms = clock_monotonic_ms();
    lws_callback_on_writable(peer->wsi);
}

void peer_kill(struct peer *peer)
{
    lws_set_timeout(peer->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

bool peer_has_room(const struct transport *t, size_t more)
{
    return more <= TRANSPORT_HELD_MAX - t->held_bytes;
}

void peer_release(struct transport *t, size_t bytes)
{
    assert(bytes <= t->held_bytes);
    t->held_bytes -= bytes;
}

bool peer_take(struct peer *peer, const void *at, size_t len)
{
    if (!peer_has_room(peer->transport, len))
        return false;
    buf_put(&peer->in, at, len);
    if (!buf_ok(&peer->in))
        return false;
    peer->transport->held_bytes += len;
    return true;
}

void peer_forget(struct peer *peer)
{
    peer_release(peer->transport, peer->in.len);
    buf_free(&peer->in);
}
