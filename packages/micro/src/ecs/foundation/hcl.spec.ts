import { expect, it } from 'vitest';
import { formatHcl, HclExpression, hclTemplate, jsonEncoded } from './hcl';

it('writes blocks as terraform fmt does: the equals signs of neighbours in one column', () => {
  const text = formatHcl([
    { type: 'data', labels: ['aws_partition', 'current'] },
    {
      type: 'resource',
      labels: ['a', 'b'],
      attributes: {
        name: 'x',
        is_kept: true,
        tags: { plain: 'y', 'org.micro/entry': 'z' },
        role: new HclExpression('a.c.name'),
        days: 30,
        none: [],
        one: ['x'],
        two: ['x', 'y'],
        empty: {},
      },
      blocks: [{ type: 'lifecycle', attributes: { prevent_destroy: true } }],
    },
  ]);
  expect(text).toBe(`data "aws_partition" "current" {}

resource "a" "b" {
  name    = "x"
  is_kept = true
  tags = {
    plain             = "y"
    "org.micro/entry" = "z"
  }
  role = a.c.name
  days = 30
  none = []
  one  = ["x"]
  two = [
    "x",
    "y",
  ]
  empty = {}

  lifecycle {
    prevent_destroy = true
  }
}
`);
});

// Each as terraform 1.11.4 reads it back.
it.each([
  ['a"b\\c\n', String.raw`"a\"b\\c\n"`],
  ['${x} $${x} $ $x', '"$${x} $$${x} $ $x"'],
  ['%{if} %d', '"%%{if} %d"'],
  ['\b\f \\b', String.raw`"\u0008\u000c \\b"`],
])('takes a string as it is, nothing in it begins a template: %j', (text, expected) => {
  expect(formatHcl([{ type: 'x', attributes: { text } }])).toBe(`x {\n  text = ${expected}\n}\n`);
});

it('writes a text with a reference, and takes the rest as it is', () => {
  const text = hclTemplate('${c}', ref('d.e'), '"');
  expect(formatHcl([{ type: 'x', attributes: { text } }])).toBe(
    'x {\n  text = "$${c}${d.e}\\""\n}\n',
  );
});

it('writes a document for a call, with its references', () => {
  const policy = jsonEncoded({ Statement: [{ Action: 'a', Resource: [ref('b.arn')] }] });
  expect(formatHcl([{ type: 'x', attributes: { policy } }])).toBe(`x {
  policy = jsonencode({
    Statement = [
      {
        Action   = "a"
        Resource = [b.arn]
      },
    ]
  })
}
`);
});

function ref(text: string): HclExpression {
  return new HclExpression(text);
}
