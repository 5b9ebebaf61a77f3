import { sequences } from './files-model-runs.ts'

sequences(3)
