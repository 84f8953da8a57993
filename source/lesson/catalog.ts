/** The lessons by name, and the list of them. */
import {quoted, SockchatError} from '../errors.js';
import {parseLesson, socketsOf} from './lesson.js';
import {lessonTexts} from './texts.js';

export const lessonNames = Object.keys(lessonTexts);

/** @returns Its page, or an error with the names that there are. */
export const findLesson = (name: string): string | SockchatError =>
	lessonNames.includes(name)
		? lessonTexts[name]!
		: new SockchatError(
				'ERR_USAGE',
				`${quoted(name)} is not a lesson; the lessons are ${lessonNames.slice(0, -1).join(', ')} and ${lessonNames.at(-1)!}.`,
			);

/** Whether its sockets have states and segments to look at. */
export const isOfTcp = (page: string): boolean =>
	socketsOf(parseLesson(page)) !== 'none';

/** Each lesson with what it shows. */
export const listLessons = (): string => {
	const width = Math.max(...lessonNames.map(name => name.length));
	const rows = lessonNames.map(
		name => `  ${name.padEnd(width)}  ${parseLesson(lessonTexts[name]!).title}`,
	);
	return [
		'Lessons',
		...rows,
		'',
		'sockchat lesson NAME does one on this screen, and off a terminal prints it.',
	].join('\n');
};
