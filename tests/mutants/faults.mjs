/**
 * The planted faults: each breaks one rule. `find` stands exactly once in the
 * file.
 *
 * @typedef {{ name: string, file: string, find: string, plant: string }} Fault
 */

const MERGE = 'server/core/merge.c'
const SET = 'server/core/merge_set.c'
const TEXT = 'server/core/merge_text.c'
const ASK = 'server/core/merge_ask.c'
const EDIT = 'server/core/batch_edit.c'
const CHANGE = 'server/core/batch_change.c'
const SIGN = 'server/core/batch_sign.c'
const AFTER = 'server/core/batch_after.c'
const ACCESS = 'server/core/access.c'
const BATCH = 'server/core/batch.c'

/** @type {Fault[]} */
export const FAULTS = [
  // Concurrency
  {
    name: 'the last arrival always wins',
    file: MERGE,
    find: 'return stamp->at >= c->now.at ? OUTCOME_APPLIED : OUTCOME_OVERTAKEN;',
    plant: 'return OUTCOME_APPLIED;',
  },
  {
    name: 'the first arrival always wins',
    file: MERGE,
    find: 'return stamp->at >= c->now.at ? OUTCOME_APPLIED : OUTCOME_OVERTAKEN;',
    plant: 'return OUTCOME_OVERTAKEN;',
  },
  {
    name: 'a tie goes to the first',
    file: MERGE,
    find: 'return stamp->at >= c->now.at',
    plant: 'return stamp->at > c->now.at',
  },
  {
    name: 'clocks decide what causality has decided',
    file: MERGE,
    find: '    if (!concurrent(c, e, stamp))\n        return OUTCOME_APPLIED;\n',
    plant: '',
  },
  {
    name: 'a device meets its own chain as a stranger',
    file: MERGE,
    find: 'c->found && c->now.version > e->seen &&\n           c->now.replica != stamp->replica',
    plant: 'c->found && c->now.version > e->seen',
  },
  {
    name: 'nobody agrees',
    file: MERGE,
    find: 'return same ? OUTCOME_AGREED : meet(c, e->value, stamp);',
    plant: 'return meet(c, e->value, stamp);',
  },
  {
    name: 'a seen from the future is believed',
    file: MERGE,
    find: 'return ERR_BAD_SEEN;',
    plant: '{}',
  },
  // Rules
  {
    name: 'once can be said twice',
    file: MERGE,
    find: 'return same ? OUTCOME_AGREED : OUTCOME_HELD;',
    plant: 'return OUTCOME_APPLIED;',
  },
  {
    name: 'a rank goes by arrival',
    file: MERGE,
    find: 'return further(c->field, value, c->now.value) ? OUTCOME_APPLIED',
    plant: 'return 1 ? OUTCOME_APPLIED',
  },
  {
    name: 'a delete beats an edit',
    file: MERGE,
    find: 'if (e->op == CHANGE_DELETE && record_version > e->seen)',
    plant: 'if (0)',
  },
  {
    name: 'a remove beats an add',
    file: SET,
    find: 'bool known = tag.version <= e->seen || tag.replica == stamp->replica;',
    plant: 'bool known = 1;',
  },
  {
    name: 'an add does not renew',
    file: SET,
    find: '            take(is, add->list[a++], mine);\n            continue;',
    plant: '            take(is, add->list[a++], tag);\n            continue;',
  },
  {
    name: 'what was replaced leaves no history',
    file: MERGE,
    find: 'out->has_past = c->found;',
    plant: 'out->has_past = false;',
  },
  // Text
  {
    name: 'wording that two changed is not flagged',
    file: TEXT,
    find: 'm.overlap_count ? ROW_CHECK_WORDING : 0',
    plant: '0',
  },
  {
    name: 'later typing forgets what it was typed on',
    file: TEXT,
    find: 'if (!err && known && known->version > e->seen && known->aux.len)',
    plant: 'if (0)',
  },
  {
    name: 'an older text cannot be had back',
    file: TEXT,
    find: 'err = text_invert(w->now, &m.delta, &w->back);',
    plant: 'err = text_diff(w->text, w->text, &w->back);',
  },
  // Asking
  {
    name: 'the second judgement wins silently',
    file: ASK,
    find: 'out->outcome = OUTCOME_CONFLICT;\n        put_rival(r, stamp, e->field->id, e->value);',
    plant: 'out->outcome = OUTCOME_APPLIED;',
  },
  {
    name: 'anybody decides',
    file: EDIT,
    find: 'if (s->entry->push->trusted || !who ||',
    plant: 'if (1 || s->entry->push->trusted || !who ||',
  },
  {
    name: 'a decision need not have seen all versions',
    file: ASK,
    find: 'newest_judgement(u, stamp->replica) > e->seen || rival > e->seen;',
    plant: 'newest_judgement(u, stamp->replica) > e->seen;',
  },
  {
    name: 'the same judgement is a conflict',
    file: ASK,
    find: 'bool same = c->found && value_equal(c->now.value, e->value);',
    plant: 'bool same = 0;',
  },
  // Signing
  {
    name: 'signed words can be changed',
    file: CHANGE,
    find: 'return ERR_AFTER_SIGNOFF;',
    plant: 'return ERR_OK;',
  },
  {
    name: 'a signature covers what was not read',
    file: SIGN,
    find: 'return r->version > a->seen && r->replica != a->replica &&',
    plant: 'return 0 &&',
  },
  {
    name: 'an open decision does not stop a signature',
    file: SIGN,
    find: 'if (undecided(c))',
    plant: 'if (0)',
  },
  {
    name: 'anybody signs by hand',
    file: CHANGE,
    find: 'if (signs_by_hand(w, s, e))',
    plant: 'if (0)',
  },
  {
    name: 'a signed note is not shared',
    file: SIGN,
    find: 'if (!err && !strcmp(c->type->life, "visit"))',
    plant: 'if (0)',
  },
  {
    name: 'an accepted change is not made',
    file: AFTER,
    find: 'err = own_entry(w, h.change, h.author, h.replica, h.seq);',
    plant: 'err = ERR_OK;',
  },
  {
    name: 'accepting keeps the revision',
    file: AFTER,
    find: 'return raise_revision(w, h.bucket ? h.bucket : a->bucket, record);',
    plant: 'return ERR_OK;',
  },
  {
    name: 'a late change is forgotten',
    file: AFTER,
    find: 'case AFTER_HELD: return held(w, a);',
    plant: 'case AFTER_HELD: return ERR_OK;',
  },
  {
    name: 'a deleted record stays deleted',
    file: EDIT,
    find: 'if (!s->moved || c->at.now.value.integer)',
    plant: 'if (1)',
  },
  {
    name: 'twins are not pointed out',
    file: AFTER,
    find: 'case AFTER_BIRTH: return birth(w, a);',
    plant: 'case AFTER_BIRTH: return ERR_OK;',
  },
  // The change as a whole
  {
    name: 'half a change is applied',
    file: CHANGE,
    find: '        undo(w);\n        w->head = head;',
    plant: '        w->head = head;',
  },
  {
    name: 'a repeat is applied',
    file: BATCH,
    find: 'if (p->first + i != next)\n            continue;',
    plant: 'if (p->first + i > next)\n            continue;',
  },
  {
    name: 'what cannot be read stops the queue',
    file: CHANGE,
    find: 'if (!p->own)\n            hold(w, entry, err);\n        err = ERR_OK;',
    plant: 'return err;',
  },
  {
    name: 'grants are not asked',
    file: CHANGE,
    find: 'if (!s->reached)\n        return no_access(w, s);',
    plant: 'if (!s->reached)\n        s->roles = ~0u;',
  },
  // Access
  {
    name: 'every hub is mine',
    file: ACCESS,
    find: 'return id_equal(a->schools[i].hub, hub_id);',
    plant: 'return true;',
  },
  {
    name: 'access never ends',
    file: ACCESS,
    find: 'return at_ms >= s->from_ms && (!s->until_ms || at_ms < s->until_ms);',
    plant: 'return at_ms >= s->from_ms;',
  },
  {
    name: 'everybody is everybody',
    file: ACCESS,
    find: 'return id_parse(text, &id) && id_equal(id, *person);',
    plant: 'return id_parse(text, &id);',
  },
  {
    name: 'a record may be born anywhere',
    file: ACCESS,
    find: 'return !span_equal(name, span_of(type->name)) || id_equal(id, *record);',
    plant: 'return true;',
  },
]
