import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {nickOfClient} from '../../source/chat/agent-home.js';
import {parseNick} from '../../source/protocol/nick.js';
import {anyCharacter} from '../helpers/any-character.js';

test('agent home: what a client calls itself becomes a nick', () => {
	assert.deepEqual(
		[
			'claude-code',
			'Claude Code',
			'codex-mcp-client',
			'cursor-vscode',
			'@modelcontextprotocol/inspector',
			'gemini-cli-mcp-client v1.2 (linux)',
			undefined,
			'',
			'🤖',
			'host',
			'\u{1B}[2J',
		].map(name => nickOfClient(name) as string),
		[
			'claude-code',
			'claude-code',
			'codex-mcp-client',
			'cursor-vscode',
			'modelcontextprotocol-ins',
			'gemini-cli-mcp-client-v1',
			'agent',
			'agent',
			'agent',
			'agent',
			'2j',
		],
	);
});

test('agent home: whatever a client calls itself, its nick is valid', () => {
	fc.assert(
		fc.property(fc.string({unit: anyCharacter, maxLength: 300}), name => {
			const parsed = parseNick(nickOfClient(name));
			assert.ok(parsed.ok);
		}),
	);
});
