import { describe, expect, test } from 'vitest'
import { withProject } from '../../src/engine/config-text.ts'

const entry = { name: 'nt', git: { base: 'master' } }

describe('a project is added to the settings', () => {
	test('all that a person wrote stays as it is', () => {
		const text = `{
    "projects": [

        { "name": "other", "local": "~/a \\" ] } projects",   "n": 1.50 }

    ],

    "workstations": [ {"name":"lab", "projects": [1, [2]]} ]
}
`
		expect(withProject(text, entry)).toBe(`{
    "projects": [

        { "name": "other", "local": "~/a \\" ] } projects",   "n": 1.50 },
        {
            "name": "nt",
            "git": {
                "base": "master"
            }
        }

    ],

    "workstations": [ {"name":"lab", "projects": [1, [2]]} ]
}
`)
	})

	const block = (indent: string, newline: string) =>
		[
			'"projects": [',
			`${indent}{`,
			`${indent.repeat(2)}"name": "nt",`,
			`${indent.repeat(2)}"git": {`,
			`${indent.repeat(3)}"base": "master"`,
			`${indent.repeat(2)}}`,
			`${indent}}`,
			']',
		].join(`${newline}${indent}`)

	test.each([
		['', `{\n  ${block('  ', '\n')}\n}\n`],
		['  \n', `{\n  ${block('  ', '\n')}\n}\n`],
		['{}', `{\n  ${block('  ', '\n')}\n}`],
		['{ }\n', `{\n  ${block('  ', '\n')}\n}\n`],
		['{\n\t"projects": []\n}', `{\n\t${block('\t', '\n')}\n}`],
		['{\n\t"workstations": []\n}\n', `{\n\t"workstations": [],\n\t${block('\t', '\n')}\n}\n`],
		['{\r\n  "projects": [ ]\r\n}\r\n', `{\r\n  ${block('  ', '\r\n')}\r\n}\r\n`],
		['\uFEFF{"workstations":[]}', `\uFEFF{"workstations":[],\n  ${block('  ', '\n')}}`],
	])('%j', (text, expected) => {
		expect(withProject(text, entry)).toBe(expected)
	})

	test.each([
		'{"projects":[{"a":{"b":[]}}]}',
		'{"a":{"projects":[]},"projects":[1,"]"]}',
		'{"pro\\u006aects":[]}',
		'{"projects":[[]],"z":null}',
		'{"a":"projects","b":["projects"],"projects":[]}',
		'{"workstations":[{"name":"\\"projects\\": ["}]}',
	])('in %s', (text) => {
		const before = JSON.parse(text)
		const after = JSON.parse(withProject(text, entry))
		expect(after).toEqual({ ...before, projects: [...(before.projects ?? []), entry] })
		expect(Object.keys(after).slice(0, Object.keys(before).length)).toEqual(Object.keys(before))
	})

	test('what cannot be added to is not written', () => {
		expect(() => withProject('{"projects": {}}', entry)).toThrow()
		expect(() => withProject('{"projects": [}', entry)).toThrow()
	})
})
