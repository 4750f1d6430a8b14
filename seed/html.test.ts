import { plain } from './html.ts';

describe('plain text', () => {
  test.each(['Is 2 < 3 & 5 > 4?', 'Is a<b?', 'I <3 "AT&T"', 'What does &amp; mean?', '&lt;b&gt;', 'هل 2 < 3؟'])(
    '%j stays as it was written',
    (text) => {
      expect(plain(text)).toBe(text);
    },
  );

  test.each([
    ['<b>Where</b> & <i class="x">when</i>?', 'Where & when?'],
    ['<script>steal()</script>Why?', 'Why?'],
    ['How<br/> much?<!-- x -->', 'How much?'],
  ])('%j loses its tags', (text, left) => {
    expect(plain(text)).toBe(left);
  });
});
