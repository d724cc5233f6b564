// @ts-check
/** A small schema for the tests of the library, in the shape of schema.js. */

const everyone = {
  create: ['writer'],
  read: ['writer', 'reader'],
  write: ['writer'],
  sign: [],
  delete: ['writer'],
}

export const NOTES = {
  types: {
    note: {
      id: 1,
      label: 'Note',
      bucket: 'school/{school}',
      identity: 'random',
      roles: everyone,
      fields: {
        title: { id: 1, type: 'string', merge: 'latest', max: 40 },
        body: { id: 2, type: 'text', merge: 'text' },
        tags: { id: 3, type: 'choices', merge: 'set', choices: 'tag' },
        grade: {
          id: 4,
          type: 'choice',
          merge: 'ask',
          choices: 'tag',
          group: 'g',
        },
        reason: { id: 5, type: 'text', merge: 'text', group: 'g' },
        owner: { id: 6, type: 'ref', merge: 'latest' },
        day: { id: 7, type: 'date', merge: 'latest' },
        linked: { id: 8, type: 'refs', merge: 'set' },
        state: { id: 9, type: 'string', merge: 'latest' },
      },
    },
    term: {
      id: 2,
      label: 'Term',
      bucket: 'common',
      identity: { natural: ['year', 'name'] },
      roles: everyone,
      fields: {
        year: { id: 1, type: 'string', merge: 'once' },
        name: { id: 2, type: 'string', merge: 'once' },
        about: { id: 3, type: 'text', merge: 'text' },
      },
    },
  },
  choices: {
    tag: [
      ['a', 'A'],
      ['b', 'B'],
      ['c', 'C'],
    ],
  },
}
