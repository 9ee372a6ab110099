"""Views scored together say, bit by bit, what each says alone."""

import numpy as np
import pytest

from recommender.embeddings.histories import Histories, History
from recommender.embeddings.popularity import Popularity, PopularityConfig
from recommender.embeddings.together import Together
from tests.unit.worlds import fitted_bundle

HISTORIES = (
    History(np.array([1, 0, 3], np.int32), np.arange(3.0), role=-1, segment=2),
    History.empty(segment=1),
    History(np.array([4], np.int32), np.array([np.nan])),
    History.empty(),
)


@pytest.fixture(scope="module")
def bundle():
    return fitted_bundle()


@pytest.mark.parametrize(
    "left_out", [(), ("popularity",), ("transitions", "ease", "cosine", "content", "prerequisites")]
)
def test_each_row_is_what_its_view_says(bundle, left_out):
    views = [view for name, view in bundle.views.items() if name not in left_out]
    n = bundle.catalog.n_modules
    for asked in (HISTORIES, HISTORIES[:1], ()):
        block = Histories.of(*asked)
        got = Together(views, n).score(block)
        assert got.shape == (len(asked), len(views), n)
        for row, view in enumerate(views):
            np.testing.assert_array_equal(got[:, row], view.score(block), err_msg=view.kind)


def test_a_role_that_popularity_does_not_know_is_refused(bundle):
    view = Popularity(PopularityConfig(slice="role"))
    view.shares_ = np.ones((3, bundle.catalog.n_modules), np.float32)
    for role, known in ((1, True), (2, False), (-2, False)):
        block = Histories.of(History.empty(role=role))
        if known:
            assert Together([view], bundle.catalog.n_modules).score(block).all()
            continue
        for asked in (view, Together([view], bundle.catalog.n_modules)):
            with pytest.raises(IndexError, match="role or segment"):
                asked.score(block)
