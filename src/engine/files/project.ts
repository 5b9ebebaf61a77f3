import type { ProjectConfig } from '../../contract/config.ts'

/** Whether anything of the project travels as files: all of it, or on a git project what the settings name. */
export const travelsAsFiles = ({ strategy, files }: ProjectConfig): boolean =>
	strategy === 'files' || files.include.length > 0 || (files.results?.length ?? 0) > 0

/** The patterns of what `back` brings as files. */
export const resultPatterns = ({ strategy, files }: ProjectConfig): readonly string[] =>
	files.results ?? (strategy === 'files' ? ['/results/'] : [])
