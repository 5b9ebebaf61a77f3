import type { NextStep, ProblemCode } from '../../contract/problem.ts'

export interface Words {
	title: string
	meaning: string
	next?: NextStep
	needsPerson?: true
}

/** Words by code. Facts are got by name; they may come from the outside, so they are shown and never interpreted. */
export type Catalogue = Partial<Record<ProblemCode, (fact: (name: string) => string) => Words>>

export const waits = { needsPerson: true } as const
