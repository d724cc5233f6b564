// @ts-check
/**
 * Questions whose answers come as messages: each has a number and a deadline.
 */

import { TidemarkError } from './fault.js'

/**
 * @typedef {object} Questions
 * @property {(id: number, otherwise: string) => Promise<any>} ask
 * @property {(id: number, value: any) => void} answer
 * @property {(id: number, name: string) => void} refuse
 * @property {(name: string) => void} refuseAll
 */

/**
 * @param {import('./link.js').World} world @param {number} deadlineMs
 * @returns {Questions}
 */
export function createQuestions(world, deadlineMs) {
  /** @type {Map<number, { resolve: (value: any) => void,
   *   reject: (error: Error) => void, timer: unknown }>} */
  const open = new Map()

  /** @param {number} id */
  function take(id) {
    const question = open.get(id)
    if (!question) return undefined
    open.delete(id)
    world.forget(question.timer)
    return question
  }

  /** @param {number} id @param {string} name @param {string} message */
  const refuse = (id, name, message) =>
    take(id)?.reject(new TidemarkError(name, message))

  return {
    ask: (id, otherwise) =>
      new Promise((resolve, reject) => {
        const late = () => refuse(id, 'offline', otherwise)
        const timer = world.after(late, deadlineMs)
        open.set(id, { resolve, reject, timer })
      }),
    answer: (id, value) => take(id)?.resolve(value),
    refuse: (id, name) => void refuse(id, name, 'it was refused'),
    refuseAll: (name) => {
      for (const id of [...open.keys()]) {
        refuse(id, name, 'the server could not be asked')
      }
    },
  }
}
