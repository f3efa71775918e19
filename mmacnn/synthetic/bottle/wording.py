# Copyright (c) mmacnn authors. All rights reserved.
"""Words for the print: made up, and never a code in parentheses."""

CODES = ('1069', '1071', '3707', '3709')

ORIGINS = (
    'MADE IN KOREA',
    'MADE IN EU',
    'MADE IN JAPAN',
    'PRODUCT OF KOREA',
    'Made in Korea',
    None,
)
"""What stands before the code; None means words in Hangul."""

ORIGIN_ODDS = (0.75, 0.05, 0.05, 0.05, 0.05, 0.05)

VOLUMES = (
    '60 mL / 2.02 fl. oz.',
    '30 mL / 1.01 fl. oz.',
    '120 mL / 4.05 fl. oz.',
    '50 g / 1.76 oz.',
    '200 mL e 6.76 fl. oz.',
    '75 ml',
)
JAR_CAPTIONS = ('12M', '6M', '24M', '18M')
MATERIALS = ('OTHER', 'HDPE', 'PET', 'GLASS', 'LDPE', 'PP')
DECOY_LINES = (
    'LOT {number}',
    '[{number}]',
    'No. {number}',
    'BATCH {number}',
    '{number}',
    'REF {number}-2',
    'Tel. 080-{number}',
    '/{number}/',
)
_WORDS = (
    '주름', '개선', '기능성', '화장품', '제조', '및', '책임', '판매', '자음',
    '생크림', '소프트', '사용', '방법', '적당량', '피부', '보습', '수분', '영양',
    '크림', '로션', '토너', '세럼', '전성분', '주의', '사항', '고객', '상담실',
    '용기', '재질', '뚜껑', '몸체', '유리', '종이', '플라스틱', '보관', '온도',
    '직사', '광선', '어린이', '손', '닿지', '않는', '곳', '국산', '원료', '정제수',
    '글리세린', '향료', '추출물', '오일', '인삼', '홍삼', '녹차', '맑은', '새벽',
    '바람', '한빛', '가람', '누리', '다온', '미르',
)  # fmt: skip
_NAMES = ('한빛누리', '가람화학', '다온코스', '미르제약', '새벽바람', '누리상사')


def hangul_words(rng, fewest, most):
    """Random Korean words joined by spaces, ``fewest`` to ``most`` of them."""
    count = int(rng.integers(fewest, most + 1))
    return ' '.join(_WORDS[i] for i in rng.integers(len(_WORDS), size=count))


def company(rng):
    """A made-up company: parentheses that do not hold the code."""
    return f'(주){_NAMES[rng.integers(len(_NAMES))]}'


def decoy_number(rng):
    """A number of four digits that is none of the codes."""
    while True:
        number = str(rng.integers(1000, 10000))
        if number not in CODES:
            return number


def decoy_line(rng):
    """A line with a number of four digits, as the code has, but in other signs."""
    template = DECOY_LINES[rng.integers(len(DECOY_LINES))]
    return template.format(number=decoy_number(rng))
