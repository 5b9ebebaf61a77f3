import { describe, expect, test } from 'vitest'
import { directionOf, isBetter } from '../../../src/contract/metric-direction.ts'

describe('which way a metric is better', () => {
	test.each([
		...[
			'loss',
			'val_loss',
			'valLoss',
			'test/MAE',
			'testMAE',
			'MASE',
			'sMAPE',
			'smape',
			'eval.rmse',
			'MSELoss',
		],
		...['mean_squared_error', 'error rate', 'crps', 'pinball@0.9', 'WQL[24]', 'perplexity', 'latency_ms'],
		...['score_time', 'seconds_per_epoch', 'loss_per_token', 'nested.a.mae1', 'fit-seconds', 'ms'],
	])('%s: lower', (name) => expect(directionOf(name)).toBe('lower'))

	test.each([
		...['accuracy', 'val_acc', 'valAcc', 'AUC', 'roc-auc', 'F1', 'f1_macro', 'F1Score', 'precision@5', 'R2'],
		...[
			'recall',
			'mAP',
			'metrics/mAP50-95(B)',
			'mean.IoU',
			'bleu4',
			'throughput',
			'acc1',
			'neg_mean_squared_error',
		],
	])('%s: higher', (name) => expect(directionOf(name)).toBe('higher'))

	test.each([
		...[
			'',
			'windows',
			'epoch',
			'lr',
			'timestamp',
			'glossary',
			'mapper',
			'accident',
			'scores of it',
			'samples_per_second',
		],
		...['é', '__proto__', 'constructor', 'toString', 'per_loss'],
	])('%s: not known', (name) => expect(directionOf(name)).toBeNull())

	test('the settings win, by the whole name', () => {
		expect(directionOf('loss', { loss: 'higher' })).toBe('higher')
		expect(directionOf('val_loss', { loss: 'higher' })).toBe('lower')
		expect(directionOf('windows', { windows: 'higher' })).toBe('higher')
	})
})

test.each([
	[1, 2, 'lower', true],
	[2, 1, 'lower', false],
	[2, 1, 'higher', true],
	[1, 1, 'lower', false],
	[1, 1, 'higher', false],
	[1, 2, null, false],
	[2, 1, null, false],
] as const)('%d is better than %d when %s is: %s', (value, other, direction, is) => {
	expect(isBetter(value, other, direction)).toBe(is)
})
