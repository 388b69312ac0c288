"""Which streets are neighbours: those that share a node of the walkable graph; a compound meets the streets at its gates."""

import numpy as np
import numpy.typing as npt
from scipy import sparse


def touching_streets(street: npt.ArrayLike, node: npt.ArrayLike, streets: int) -> sparse.csr_array:
    """
    Return the adjacency of streets, shape (streets, streets), symmetric: 1 where two share a node, nothing on the diagonal.

    Parameters
    ----------
    street, node
        Where streets lie: index of a street and id of a node on it, shape (n_pairs,); pairs may repeat.
    streets
        Number of streets.
    """
    row, place = np.asarray(street, dtype=np.int64), np.unique(np.asarray(node, dtype=np.int64), return_inverse=True)[1]
    incidence = sparse.csr_array((np.ones(row.size), (row, place)), shape=(streets, int(place.max(initial=-1)) + 1))
    one, other = sparse.coo_array(incidence @ incidence.T).coords
    apart = one != other
    return sparse.csr_array((np.ones(apart.sum()), (one[apart], other[apart])), shape=(streets, streets))
