/** What a proxy does, as a sentence: the screen and plain lines use the same. */
import type {EndStates, ProxyEvent} from '../event/proxy-event.js';
import {wordsOf, type Words} from './notice.js';

const info = (text: string): Words => ({tone: 'info', text});

const endsWords = (states: EndStates | undefined): string =>
	`us ${states?.local ?? '-'}, ${states?.remote ?? '-'}`;

/** @returns Undefined for bytes, which are shown as such. */
export const proxyWordsOf = (event: ProxyEvent): Words | undefined => {
	switch (event.type) {
		case 'target': {
			const {peer, local = '', remote = '', link} = event;
			const agreed = link?.kind === 'tls' ? `, ${link.version}` : '';
			const verb = link?.kind === 'udp' ? 'sends' : 'connected';
			return info(
				`${peer}: ${verb} to ${remote === '' ? 'the target' : remote}${local === '' ? '' : ` from ${local}`}${agreed}`,
			);
		}

		case 'fin': {
			const {peer, direction, transport} = event;
			const arrow = direction === 'out' ? '→' : '←';
			return info(`${peer} ${arrow} ${transport ? 'end' : 'FIN'}`);
		}

		case 'ends': {
			const {peer, client, target} = event;
			return info(
				`${peer}: client ${endsWords(client)}; target ${endsWords(target)}`,
			);
		}

		case 'ended': {
			const {peer, reason, link, bytesIn, bytesOut} = event;
			// Only TCP has segments; a direction that ended has said so before.
			const hasRst = link === undefined && !peer.startsWith('unix:');
			const how = reason === 'reset' && hasRst ? 'reset: RST' : reason;
			return info(
				`${peer}: ended (${how}), ${bytesOut} B out, ${bytesIn} B in`,
			);
		}

		default: {
			return wordsOf(event);
		}
	}
};
