// Line icons of 24 by 24, drawn in the color of the text and hidden from screen readers.

const PATHS = {
  inbox:
    'M4 13V6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5V13m-16 0h4.5l1.5 3h4l1.5-3H20m-16 0v4.500A2.500 2.500 0 0 0 6.500 20h11a2.500 2.500 0 0 0 2.500-2.500V13',
  questions:
    'M9.200 9a3 3 0 1 1 4.600 2.500c-1.100.7-1.800 1.300-1.800 2.500m0 3v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  suggestions:
    'M9 18h6m-5 3h4M12 3a6 6 0 0 0-3.600 10.800c.8.600 1.100 1.300 1.100 2.200h5c0-.9.3-1.600 1.100-2.200A6 6 0 0 0 12 3Z',
  back: 'M15 5l-7 7 7 7',
  clock: 'M12 7v5l3 2m-3 7a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  urgent:
    'M12 8v5m0 3v.01M10.300 4.400 2.900 17.200A2 2 0 0 0 4.600 20h14.800a2 2 0 0 0 1.700-2.800L13.700 4.400a2 2 0 0 0-3.400 0Z',
  bot: 'M8 8h8a3 3 0 0 1 3 3v5a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3v-5a3 3 0 0 1 3-3Zm4 0V4.500M9.500 13h.01M14.500 13h.01M3 12.500v2m18-2v2',
  send: 'M5 12h13m-5.500-6L19 12l-6.500 6',
  flag: 'M6 21V4m0 0h10.500l-2 4 2 4H6',
  done: 'M5 12.500l4.500 4.500L19 7.500',
  down: 'M12 5v14m-6-6 6 6 6-6',
  chevron: 'M9 6l6 6-6 6',
  pen: 'M5 19h3.500L19 8.500 15.500 5 5 15.500V19Z',
  offline:
    'M4 4l16 16M8.500 8.600A12 12 0 0 0 4 11m4 4a6 6 0 0 1 4.500-1.700M12 18.500v.01M12.500 7.600A12 12 0 0 1 20 11',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={PATHS[name]} />
  </svg>
);
